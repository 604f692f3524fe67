// Node's own http and https.
const {base, deadline, drive, late} = require('./drive');
const lib = base.startsWith('https') ? require('https') : require('http');

const get = (path, options, read = true) => new Promise((ok, no) =>
  lib.get(base + path, options, r => read ? r.resume().on('end', ok) : ok()).on('error', no));
const shared = new lib.Agent({keepAlive: true});
const agents = {'http:': new (require('http').Agent)({keepAlive: true}), 'https:': new (require('https').Agent)({keepAlive: true})};
const ask = (url, {method, headers, body, read}) => new Promise((ok, no) => {
  const {protocol} = new URL(url);
  const lib = require(protocol.slice(0, -1));
  lib.request(url, {method, headers, agent: agents[protocol]}, r =>
    read ? r.resume().on('end', () => ok(r.statusCode)) : ok(r.destroy() && r.statusCode)).on('error', no).end(body);
});
const limited = path => new Promise((ok, no) =>
  lib.get(base + path, {agent: shared, signal: AbortSignal.timeout(deadline)}, r => r.resume().on('end', ok)).on('error', no)).catch(late);
const with_ = options => { const agent = new lib.Agent(options); return path => get(path, {agent}); };

drive({
  default: path => get(path, {}),
  shared: path => get(path, {agent: shared}),
  parallel: path => get(path, {agent: shared}),
  unread: path => get(path, {agent: shared}, false),
  idle: path => get(path, {agent: shared}),
  deadline: limited,
  lines: ask,
  drained: path => get(path, {agent: shared}),
  off: with_({keepAlive: false}),
  each: path => get(path, {agent: new lib.Agent({keepAlive: true})}),
  'parallel-max2': with_({keepAlive: true, maxSockets: 2}),
  'parallel-free1': with_({keepAlive: true, maxFreeSockets: 1}),
  'idle-timeout': with_({keepAlive: true, timeout: 200}),
});
