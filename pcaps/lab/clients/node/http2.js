// Node's http2, which leaves sessions to its user: one for all, or one for each request.
const http2 = require('http2');
const {base, deadline, drive} = require('./drive');

const sessions = {};
const shared = origin => {
  const s = sessions[origin];
  return s && !s.closed && !s.destroyed ? s : sessions[origin] = http2.connect(origin).on('error', () => {});
};
const on = (session, path, {method = 'GET', headers = {}, body, read = true} = {}) => new Promise((ok, no) => {
  const q = session.request({':method': method, ':path': path, ...headers});
  let status;
  q.on('response', h => { status = h[':status']; read || (q.close(), ok(status)); }).on('error', no);
  q.on('close', () => status ? ok(status) : no(new Error('no response'))).resume().end(body);
});
const get = path => on(shared(base), path);
const late = path => new Promise((ok, no) => {
  const q = shared(base).request({':path': path});
  q.setTimeout(deadline, () => q.close(http2.constants.NGHTTP2_CANCEL)); // ends the stream, and nothing else
  q.on('error', no).on('close', ok).resume();
});

drive({
  'shared-h2': get,
  'parallel-h2': get,
  'idle-h2': get,
  'deadline-h2': late,
  'each-h2': path => on(http2.connect(base), path),
  lines: (url, how) => { const u = new URL(url); return on(shared(u.origin), u.pathname, how); },
});
