// agentkeepalive under Node's http or https.
const {base, deadline, drive, late} = require('./drive');
const secure = base.startsWith('https');
const lib = require(secure ? 'https' : 'http');
const Agent = secure ? require('agentkeepalive').HttpsAgent : require('agentkeepalive');

const get = (path, agent, read = true) => new Promise((ok, no) =>
  lib.get(base + path, {agent}, r => read ? r.resume().on('end', ok) : ok()).on('error', no));
const shared = new Agent();
const agents = {'http:': new (require('agentkeepalive'))(), 'https:': new (require('agentkeepalive').HttpsAgent)()};
const ask = (url, {method, headers, body, read}) => new Promise((ok, no) => {
  const {protocol} = new URL(url);
  require(protocol.slice(0, -1)).request(url, {method, headers, agent: agents[protocol]}, r =>
    read ? r.resume().on('end', () => ok(r.statusCode)) : ok(r.destroy() && r.statusCode)).on('error', no).end(body);
});
const limited = path => new Promise((ok, no) =>
  lib.get(base + path, {agent: shared, signal: AbortSignal.timeout(deadline)}, r => r.resume().on('end', ok)).on('error', no)).catch(late);
const with_ = options => { const agent = new Agent(options); return path => get(path, agent); };

drive({
  default: path => get(path, new Agent()), // as in an example that makes its agent beside its request
  shared: path => get(path, shared),
  parallel: path => get(path, shared),
  unread: path => get(path, shared, false),
  idle: path => get(path, shared),
  deadline: limited,
  lines: ask,
  drained: path => get(path, shared),
  'idle-free200': with_({freeSocketTimeout: 200}),
  'idle-timeout200': with_({timeout: 200, freeSocketTimeout: 4000}),
});
