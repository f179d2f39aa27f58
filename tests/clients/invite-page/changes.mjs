// Visits that change something, each with invites of its own. Arguments: the gateway's URL; its program;
// what to do, in JSON. Prints what the visitors see.
import { answering, madeInvites, reasons } from './answering.mjs';
import { codeHistory, courseHistory, linkHistory, workspaceHistory } from './history.mjs';
import {
  courseInvites,
  groupLink,
  inviting,
  openWorkspace,
  ownersInvite,
  selecting,
  withdraw,
} from './managing.mjs';
import { browse } from './session.mjs';

const [gateway, program, plan] = process.argv.slice(2);

async function changed(browser, app, tokenOf, plan) {
  const seen = {
    reasons: await reasons(browser, app, tokenOf('nobody'), ...plan.reasons),
    answering: await answering(browser, app, tokenOf, plan.addresses),
    courseHistory: await courseHistory(browser, app, tokenOf('course-manager'), ...plan.courseHistory),
    courseInvites: await courseInvites(browser, app, tokenOf('course-manager'), ...plan.course),
    groupLink: await groupLink(browser, app, tokenOf('group-manager'), tokenOf('invitee'), plan.group),
    linkHistory: await linkHistory(browser, app, tokenOf('group-manager'), plan.group),
    // After the answers to codes.
    codeHistory: await codeHistory(browser, app, tokenOf('course-manager'), plan.codes),
  };
  const admin = tokenOf('workspace-admin');
  const page = await openWorkspace(browser, app, admin, plan.workspace);
  seen.inviting = await inviting(page, ...plan.invite);
  const made = { ...plan.made };
  for (const { text, link } of seen.inviting.invited.rows) {
    if (text.startsWith(made.declinedBy)) made.declined = link;
    if (text.startsWith(made.withdrawnFrom)) made.withdrawn = link;
  }
  const late = () => withdraw(page, made.withdrawnFrom);
  seen.made = await madeInvites(browser, app, tokenOf, made, late);
  seen.ownersInvite = await ownersInvite(browser, app, tokenOf('staff'), page, plan.owner);
  seen.selecting = await selecting(page, ...plan.select);
  seen.history = await workspaceHistory(page, app, admin, plan.history);
  await page.close();
  return seen;
}

await browse(gateway, program, ({ app, browser, tokenOf }) => changed(browser, app, tokenOf, JSON.parse(plan)));
