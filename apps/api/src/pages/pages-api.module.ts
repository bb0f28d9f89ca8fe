import { Module } from '@nestjs/common';
import { BillingModule } from '#billing';
import { EvalsModule } from '#evals';
import { OutcomesModule } from '#outcomes';
import { RolloutsModule } from '#rollouts';
import { AuditPagesController } from './audit/audit.controller.js';
import { ConversationPagesController } from './conversations/conversations.controller.js';
import { LossPagesController } from './losses/losses.controller.js';
import { OverviewController } from './overview/overview.controller.js';
import { ReviewActionsController } from './review/review-actions.controller.js';
import { ReviewPagesController } from './review/review.controller.js';
import { RunPagesController } from './runs/runs.controller.js';
import { PageGuard } from './session/page.guard.js';
import { SessionController } from './session/session.controller.js';
import { AssetsController } from './shell/assets.controller.js';
import { PageErrorFilter } from './shell/page-error.filter.js';
import { PageInterceptor } from './shell/page.interceptor.js';
import { StatementPagesController } from './statements/statements.controller.js';

/** The pages for people, rendered here. Needs PlatformModule. */
@Module({
  imports: [OutcomesModule, BillingModule, EvalsModule, RolloutsModule],
  controllers: [OverviewController, LossPagesController, ConversationPagesController, StatementPagesController, ReviewPagesController, ReviewActionsController, RunPagesController, AuditPagesController, SessionController, AssetsController],
  providers: [PageGuard, PageErrorFilter, PageInterceptor],
})
export class PagesApiModule {}
