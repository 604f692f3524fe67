// Node's own http and https.
const {base, drive} = require('./drive');
const lib = base.startsWith('https') ? require('https') : require('http');

const get = (path, options, read = true) => new Promise((ok, no) =>
  lib.get(base + path, options, r => read ? r.resume().on('end', ok) : ok()).on('error', no));
const shared = new lib.Agent({keepAlive: true});
const with_ = options => { const agent = new lib.Agent(options); return path => get(path, {agent}); };

drive({
  default: path => get(path, {}),
  shared: path => get(path, {agent: shared}),
  parallel: path => get(path, {agent: shared}),
  unread: path => get(path, {agent: shared}, false),
  idle: path => get(path, {agent: shared}),
  drained: path => get(path, {agent: shared}),
  off: with_({keepAlive: false}),
  each: path => get(path, {agent: new lib.Agent({keepAlive: true})}),
  'parallel-max2': with_({keepAlive: true, maxSockets: 2}),
  'parallel-free1': with_({keepAlive: true, maxFreeSockets: 1}),
  'idle-timeout': with_({keepAlive: true, timeout: 200}),
});
