import { Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { RolloutsModule } from '#rollouts';
import { OfrepErrorFilter } from './ofrep-error.filter.js';
import { OFREP_PATH, OfrepController } from './ofrep.controller.js';
import { RolloutsController } from './rollouts.controller.js';

@Module({ imports: [RolloutsModule], controllers: [OfrepController, RolloutsController], providers: [OfrepErrorFilter] })
export class RolloutsApiModule {
  /**
   * A body that cannot be read fails in Fastify, before the controller and its filter, and would be answered by the filter of the whole
   * application. OFREP has its own shape for that too, so its routes get their own error handler as they are declared.
   */
  constructor(host: HttpAdapterHost<FastifyAdapter>, errors: OfrepErrorFilter) {
    host.httpAdapter.getInstance().addHook('onRoute', (route) => {
      if (!route.url.startsWith(OFREP_PATH)) return;
      route.errorHandler = (error, request, reply) => errors.answer(error, request, reply);
    });
  }
}
