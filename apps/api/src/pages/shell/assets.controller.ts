import { Controller, Get, Header } from '@nestjs/common';
import { reviewKeys } from '../review/review-keys.js';
import { icon } from './assets.js';
import { stylesheet } from './stylesheet.js';

const FOR_EVER = 'public, max-age=31536000, immutable';

/** What pages load. Nothing of anybody's is in it, so that it needs no key. */
@Controller('assets')
export class AssetsController {
  @Get('astrolabe.css')
  @Header('content-type', 'text/css; charset=utf-8')
  @Header('cache-control', FOR_EVER)
  @Header('x-content-type-options', 'nosniff')
  stylesheet(): string {
    return stylesheet;
  }

  @Get('review-keys.js')
  @Header('content-type', 'text/javascript; charset=utf-8')
  @Header('cache-control', FOR_EVER)
  @Header('x-content-type-options', 'nosniff')
  reviewKeys(): string {
    return reviewKeys;
  }

  @Get('astrolabe.svg')
  @Header('content-type', 'image/svg+xml')
  @Header('cache-control', FOR_EVER)
  @Header('x-content-type-options', 'nosniff')
  icon(): string {
    return icon;
  }
}
