// Accepting and declining: by the right and the wrong account, and the reasons for refusals.
import { headingOf, press, visit } from './browser.mjs';

const NO_LONGER_OPEN = ['EXPIRED', 'ALREADY_ACCEPTED', 'CANCELLED', 'DECLINED', 'NOT_FOUND'];

/** Returns an invite's state, the reason for a refusal, and the buttons and links of its card. */
async function card(page) {
  const main = page.locator('main');
  return {
    status: await main.locator('p.status').innerText(),
    reasons: await main.getByRole('alert').locator('p').allInnerTexts(),
    buttons: await main.getByRole('button').allInnerTexts(),
    links: await main.getByRole('link').allInnerTexts(),
  };
}

/** Follows the link to what was joined. */
async function followed(page) {
  await page.getByRole('link', { name: /^Go to/ }).click();
  const role = page.getByText('You are here as');
  await role.waitFor();
  return { heading: await headingOf(page), role: await role.innerText() };
}

/** Answers invites. `addresses` are those of the screens, by name. */
export async function answering(browser, app, tokenOf, addresses) {
  const as = async (persona, address) => {
    const page = await browser.open({ token: persona && tokenOf(persona) });
    await visit(page, app.url + address);
    return page;
  };
  const seen = {};

  const wrong = await as('nobody', addresses.workspace);
  await press(wrong, 'Accept the invite', 'This invite is for someone else');
  seen.acceptedByWrong = await card(wrong);
  await press(wrong, 'Sign in as someone else', 'Sign in first');
  seen.signedOut = await card(wrong);

  const declinedByWrong = await as('nobody', addresses.workspace);
  await press(declinedByWrong, 'Decline', 'This invite is for someone else');
  seen.declinedByWrong = await card(declinedByWrong);

  const unverified = await as('unverified', addresses.unverified);
  await press(unverified, 'Accept the invite', 'have not confirmed');
  seen.unverified = await card(unverified);

  // The wrong account has left the invite as it was.
  const right = await as('invitee', addresses.workspace);
  await press(right, 'Accept the invite', 'You have accepted.');
  seen.accepted = await card(right);
  seen.focused = await right.evaluate(() => document.activeElement.className);
  seen.joined = await followed(right);
  await visit(right, app.url + addresses.workspace);
  seen.acceptedLater = await card(right);

  const code = await as(undefined, addresses.code);
  seen.signedOutFirst = { ...(await card(code)), heading: await code.locator('h2').first().innerText() };
  await press(code, 'invitee', 'Accept the invite');
  await press(code, 'Accept the invite', 'You have accepted.');
  seen.code = await card(code);

  const forAnybody = await as('nobody', addresses.codeForAnybody);
  await press(forAnybody, 'Decline', 'You have declined.');
  seen.codeForAnybody = await card(forAnybody);

  const course = await as('invitee', addresses.course);
  await press(course, 'Decline', 'You have declined.');
  seen.course = { ...(await card(course)), heading: await headingOf(course) };

  // Without a link: the received invites are answered by their ids.
  const received = await as('invitee', '/received');
  const secret = received.getByRole('article', { name: addresses.received });
  await press(received, 'Accept the invite', 'You have accepted.', secret);
  seen.received = await followed(received);

  const group = await as('nobody', addresses.group);
  await press(group, 'Join the group', 'You have joined.');
  seen.group = { heading: await headingOf(group), ...(await followed(group)) };

  for (const page of [wrong, declinedByWrong, unverified, right, code, forAnybody, course, received, group]) {
    await page.close();
  }
  return seen;
}

/** Returns the reason that a visitor reads for each of these codes, in place of the error's message. */
export async function reasons(browser, app, token, address, codes) {
  const page = await browser.open({ token });
  const seen = {};
  for (const code of codes) {
    await visit(page, app.url + address);
    let loads = 0;
    // After the visit, because routes switch the browser's cache off.
    await page.route('**/graphql', async (route) => {
      if (!route.request().postData().includes('mutation AcceptInvite')) {
        loads += 1;
        return route.continue();
      }
      const refusal = { invite: null, target: null, userErrors: [{ code, message: `Refused: ${code}` }] };
      await route.fulfill({ json: { data: { acceptInvite: refusal } } });
    });
    await page.getByRole('button', { name: 'Accept the invite' }).click();
    const reason = page.getByRole('alert').locator('p');
    await reason.waitFor();
    seen[code] = await reason.innerText();
    // An invite that has changed is loaded again.
    if (NO_LONGER_OPEN.includes(code)) {
      while (loads === 0) await page.waitForTimeout(10);
    }
    await page.unroute('**/graphql');
  }
  await page.close();
  return seen;
}

/**
 * Visits invites by links that a manager has just made: one is declined, first by the wrong account; the
 * other is withdrawn, by `withdraw`, while its screen is open.
 */
export async function madeInvites(browser, app, tokenOf, made, withdraw) {
  const open = async (persona, link) => {
    const page = await browser.open({ token: tokenOf(persona) });
    await visit(page, app.url + new URL(link).pathname);
    return page;
  };
  const wrong = await open(made.wrong, made.declined);
  await press(wrong, 'Decline', 'This invite is for someone else');
  const right = await open(made.decliner, made.declined);
  const before = await card(right);
  await press(right, 'Decline', 'You have declined.');
  const declined = await card(right);

  const late = await open(made.late, made.withdrawn);
  await withdraw();
  await press(late, 'Accept the invite', 'This invite was withdrawn in the meantime');
  await late.getByText('Withdrawn before it was accepted.').waitFor();
  const seen = { before, declined, late: await card(late) };
  for (const page of [wrong, right, late]) await page.close();
  return seen;
}
