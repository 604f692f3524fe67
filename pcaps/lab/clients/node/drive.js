// drive runs a client: ten requests, at the times its mode asks for.
//
//   node CLIENT.js MODE URL
//
// A mode's first word says when: "parallel" is two rounds of five at once, "idle"
// five, a pause of 600 ms (1.5 s of Java and Chromium, which start slowly), five more.
// All others go one after the other. "unread" asks for bodies of 4 MB, "drained" for
// 1 MB, 60 ms apart so that windows have settled; "deadline" gives each response 300 ms
// (Java 1.5 s). get(path) is done once the response has been dealt with.
//
//   node CLIENT.js lines
//
// fetches URLs as they come on standard input, those that come together together, as
// TCPWARM_SCENARIO asks for: what `tcpwarm challenge` wants of a client. ask(url, {method,
// headers, body, read}) does so once, and returns the response's status.
const [mode, base = ''] = process.argv.slice(2);
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

async function lines(ask) {
  const scenario = process.env.TCPWARM_SCENARIO || '';
  const how = {method: 'GET', headers: {}, body: undefined, read: !scenario.startsWith('unread')};
  if (scenario === 'head') how.method = 'HEAD';
  if (scenario === 'not-modified') how.headers['If-None-Match'] = '"1"';
  if (scenario === 'expect-continue' && ask.expects !== false)
    Object.assign(how, {method: 'POST', headers: {Expect: '100-continue'}, body: 'a body'});
  const basic = 'Basic ' + Buffer.from(process.env.TCPWARM_USER + ':' + process.env.TCPWARM_PASSWORD).toString('base64');
  const one = async url => {
    try {
      if (await ask(url, how) === 401) await ask(url, {...how, headers: {...how.headers, Authorization: basic}});
    } catch (e) {
      console.error(String(e.cause || e));
    }
  };
  for await (const some of process.stdin) await Promise.all(some.toString().split('\n').filter(Boolean).map(one));
  process.exit();
}

exports.base = base;
exports.deadline = 300;
exports.late = e => { if (!/abort|time/i.test([e.name, e.code, e.message])) throw e; };
exports.drive = clients => {
  if (!clients[mode]) throw new Error('no mode ' + mode + ': ' + Object.keys(clients));
  (mode === 'lines' ? lines : run)(clients[mode]).catch(e => { console.error(e); process.exit(1); });
};
