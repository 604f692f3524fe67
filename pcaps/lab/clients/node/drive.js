// drive runs a client: ten requests, at the times its mode asks for.
//
//   node CLIENT.js MODE URL
//
// A mode's first word says when: "parallel" is two rounds of five at once, "idle"
// five, a pause of 600 ms, five more. All others go one after the other. "unread"
// asks for bodies of 4 MB, "drained" for 1 MB, 60 ms apart so that windows have
// settled. get(path) is done once the response has been dealt with.
const [mode, base] = process.argv.slice(2);
const pause = ms => new Promise(ok => setTimeout(ok, ms));
const when = mode.split('-')[0];
const big = when === 'unread' || when === 'drained';
const path = i => (when === 'unread' ? '/huge/' : big ? '/big/' : '/item/') + i;

async function run(get) {
  if (when === 'parallel') {
    for (const first of [1, 6]) {
      await Promise.all([0, 1, 2, 3, 4].map(i => get(path(first + i))));
      await pause(50);
    }
  } else {
    for (let i = 1; i <= 10; i++) {
      await get(path(i));
      await pause(when === 'idle' && i === 5 ? 600 : big ? 60 : 10);
    }
  }
  await pause(50);
  process.exit(); // what is still open closes now
}

exports.base = base;
exports.drive = clients => {
  if (!clients[mode]) throw new Error('no mode ' + mode + ': ' + Object.keys(clients));
  run(clients[mode]).catch(e => { console.error(e); process.exit(1); });
};
