// superagent, on Node's agents.
import http from 'node:http';
import https from 'node:https';
import superagent from 'superagent';
import {base, deadline, drive, late} from './drive.js';

const Agent = base.startsWith('https') ? https.Agent : http.Agent;
const agent = new Agent({keepAlive: true});
const jar = superagent.agent(); // keeps cookies, and no connections
// A parser that never calls back leaves the body where it is.
const unread = path => new Promise((ok, no) => superagent.get(base + path).agent(agent).buffer(true).parse(r => { r.pause(); ok(); }).catch(no));
const agents = {'http:': new http.Agent({keepAlive: true}), 'https:': new https.Agent({keepAlive: true})};
const ask = (url, {method, headers, body, read}) => new Promise((ok, no) => {
  const q = superagent(method, url).set(headers).ok(() => true).agent(agents[new URL(url).protocol]).send(body);
  q.buffer(true).parse(read ? superagent.parse.text : r => { r.destroy(); ok(r.statusCode); });
  q.then(r => ok(r.status), no);
});
ask.expects = false; // it sets headers after it has sent them

drive({
  default: path => superagent.get(base + path),
  shared: path => superagent.get(base + path).agent(agent),
  parallel: path => superagent.get(base + path).agent(agent),
  unread,
  drained: path => superagent.get(base + path).agent(agent).buffer(true).parse(superagent.parse.text),
  idle: path => superagent.get(base + path).agent(agent),
  deadline: path => superagent.get(base + path).agent(agent).timeout(deadline).then(() => {}, late),
  lines: ask,
  each: path => superagent.get(base + path).agent(new Agent({keepAlive: true})),
  jar: path => jar.get(base + path),
});
