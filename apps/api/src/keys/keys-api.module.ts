import { Module } from '@nestjs/common';
import { KeysController } from './keys.controller.js';

/** API keys over REST. Needs PlatformModule. */
@Module({ controllers: [KeysController] })
export class KeysApiModule {}
