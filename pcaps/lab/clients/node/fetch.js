// Node's fetch, which is undici within.
const {base, drive} = require('./drive');

const get = async path => { await (await fetch(base + path)).text(); };

drive({
  default: get,
  shared: get, // there is only one dispatcher
  parallel: get,
  unread: path => fetch(base + path),
  idle: get,
  drained: get,
  'unread-cancelled': async path => { await (await fetch(base + path)).body.cancel(); },
});
