// Node's fetch, which is undici within.
const {base, deadline, drive, late} = require('./drive');

const get = async path => { await (await fetch(base + path)).text(); };
const ask = async (url, {method, headers, body, read}) => {
  const r = await fetch(url, {method, headers, body});
  await (read ? r.text() : r.body?.cancel());
  return r.status;
};
ask.expects = false; // it says so

drive({
  default: get,
  shared: get, // there is only one dispatcher
  parallel: get,
  unread: path => fetch(base + path),
  idle: get,
  deadline: path => fetch(base + path, {signal: AbortSignal.timeout(deadline)}).then(r => r.text()).catch(late),
  lines: ask,
  drained: get,
  'unread-cancelled': async path => { await (await fetch(base + path)).body.cancel(); },
});
