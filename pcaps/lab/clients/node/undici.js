// undici: request on its global dispatcher, or on one of ours.
const {request, Agent, Pool, interceptors} = require(parseInt(process.versions.node) < 22 ? 'undici' : 'undici8');
const {base, deadline, drive, late} = require('./drive');

const get = async (path, dispatcher) => { const {body} = await request(base + path, {dispatcher}); await body.dump(); };
const read = async path => { const {body} = await request(base + path, {dispatcher: shared}); await body.text(); };
const shared = new Agent();
const short = new Agent({keepAliveTimeout: 200, keepAliveMaxTimeout: 200});
const both = new Agent({allowH2: true}).compose(interceptors.redirect({maxRedirections: 5}));
const ask = async (url, {method, headers, body, read}) => {
  const r = await request(url, {method, headers, body, dispatcher: both});
  await (read ? r.body.text() : r.body.dump());
  return r.statusCode;
};
ask.expects = false; // it says so
let pool2;
const h2 = new Agent({allowH2: true, connections: 1});


drive({
  default: path => get(path),
  shared: path => get(path, shared),
  parallel: path => get(path, shared),
  unread: path => request(base + path, {dispatcher: shared}),
  idle: path => get(path, shared),
  deadline: async path => {
    try {
      await (await request(base + path, {dispatcher: shared, signal: AbortSignal.timeout(deadline)})).body.text();
    } catch (e) {
      late(e);
    }
  },
  lines: ask,
  drained: path => read(path),
  'shared-h2': path => get(path, h2),
  'parallel-h2': path => get(path, h2),
  'idle-timeout': path => get(path, short),
  head: async path => { await (await request(base + path, {method: 'HEAD', dispatcher: shared})).body.dump(); },
  'head-reset': async path => { await (await request(base + path, {method: 'HEAD', reset: false, dispatcher: shared})).body.dump(); },
  each: path => get(path, new Agent()),
  'parallel-pool2': path => get(path, pool2 ||= new Pool(base, {connections: 2})),
});
