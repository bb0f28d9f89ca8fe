import { Controller, UseFilters, UseGuards, UseInterceptors, applyDecorators } from '@nestjs/common';
import { PageErrorFilter } from './page-error.filter.js';
import { PageGuard } from '../session/page.guard.js';
import { PageInterceptor } from './page.interceptor.js';

/** A controller whose handlers return pages: behind a key, with errors as pages. */
export const PageController = (path = '') => applyDecorators(Controller(path), UseGuards(PageGuard), UseFilters(PageErrorFilter), UseInterceptors(PageInterceptor));
