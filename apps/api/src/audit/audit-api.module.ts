import { Module } from '@nestjs/common';
import { AuditController } from './audit.controller.js';

/** The audit log over REST. Needs PlatformModule. */
@Module({ controllers: [AuditController] })
export class AuditApiModule {}
