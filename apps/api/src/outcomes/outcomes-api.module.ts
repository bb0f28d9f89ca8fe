import { Module } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { OutcomesModule } from '#outcomes';
import { ContractsController } from './contracts.controller.js';
import { ConversationsController } from './conversations.controller.js';
import { LossesController } from './losses.controller.js';
import { ReplaysController } from './replays.controller.js';
import { ReviewController } from './review.controller.js';

const YAML_TYPES = ['text/yaml', 'application/yaml', 'application/x-yaml'];

/** Contracts, conversations and the outcomes decided of them, over REST. */
@Module({ imports: [OutcomesModule], controllers: [LossesController, ReplaysController, ReviewController, ContractsController, ConversationsController] })
export class OutcomesApiModule {
  /** A contract may be sent as the file that it is (`curl --data-binary @contract.yaml -H 'content-type: text/yaml'`). */
  constructor(host: HttpAdapterHost<FastifyAdapter>) {
    host.httpAdapter.getInstance().addContentTypeParser(YAML_TYPES, { parseAs: 'string' }, (_request, body, done) => done(null, body));
  }
}
