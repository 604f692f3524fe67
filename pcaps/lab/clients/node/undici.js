// undici: request on its global dispatcher, or on one of ours.
const {request, Agent, Pool} = require(parseInt(process.versions.node) < 22 ? 'undici' : 'undici8');
const {base, drive} = require('./drive');

const get = async (path, dispatcher) => { const {body} = await request(base + path, {dispatcher}); await body.dump(); };
const read = async path => { const {body} = await request(base + path, {dispatcher: shared}); await body.text(); };
const shared = new Agent();
const short = new Agent({keepAliveTimeout: 200, keepAliveMaxTimeout: 200});
const h2 = new Agent({allowH2: true, connections: 1});
const pool2 = new Pool(base, {connections: 2});

drive({
  default: path => get(path),
  shared: path => get(path, shared),
  parallel: path => get(path, shared),
  unread: path => request(base + path, {dispatcher: shared}),
  idle: path => get(path, shared),
  drained: path => read(path),
  'shared-h2': path => get(path, h2),
  'parallel-h2': path => get(path, h2),
  'idle-timeout': path => get(path, short),
  each: path => get(path, new Agent()),
  'parallel-pool2': path => get(path, pool2),
});
