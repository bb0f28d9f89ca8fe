import { Injectable, type CanActivate } from '@nestjs/common';
import { TimeKeeper } from './time-keeper.js';

/** Carries out what has fallen due before a call is answered, so that no answer depends on when the timer last ran. */
@Injectable()
export class CatchUpGuard implements CanActivate {
  constructor(private readonly timeKeeper: TimeKeeper) {}

  canActivate(): boolean {
    this.timeKeeper.catchUp();
    return true;
  }
}
