import { Body, Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import { readParams } from '../http/read-params.js';
import { reportErrors } from '../meters/error-reports.js';
import { SandboxStore } from '../state/sandbox-store.js';
import { Faults, faultParams } from '../writes/faults.js';

/** What Stripe does not have: ask for faults, and read what it would have reported by webhook. JSON, and no key: it listens on loopback. */
@Controller('sandbox')
export class SandboxController {
  constructor(
    private readonly store: SandboxStore,
    private readonly faults: Faults,
  ) {}

  @Get('error_reports')
  async errorReports() {
    const { usage } = await this.store.settled();
    return { object: 'list', data: reportErrors(usage.rejected()) };
  }

  @Post('faults')
  @HttpCode(200)
  addFault(@Body() body: unknown) {
    return this.faults.add(readParams(faultParams, body ?? {}));
  }

  @Get('faults')
  listFaults() {
    return { object: 'list', data: this.faults.list() };
  }

  @Delete('faults')
  clearFaults() {
    this.faults.clear();
    return { object: 'list', data: [] };
  }
}
