// superagent, on Node's agents.
import http from 'node:http';
import https from 'node:https';
import superagent from 'superagent';
import {base, drive} from './drive.js';

const Agent = base.startsWith('https') ? https.Agent : http.Agent;
const agent = new Agent({keepAlive: true});
const jar = superagent.agent(); // keeps cookies, and no connections
// A parser that never calls back leaves the body where it is.
const unread = path => new Promise((ok, no) => superagent.get(base + path).agent(agent).buffer(true).parse(r => { r.pause(); ok(); }).catch(no));

drive({
  default: path => superagent.get(base + path),
  shared: path => superagent.get(base + path).agent(agent),
  parallel: path => superagent.get(base + path).agent(agent),
  unread,
  drained: path => superagent.get(base + path).agent(agent).buffer(true).parse(superagent.parse.text),
  idle: path => superagent.get(base + path).agent(agent),
  each: path => superagent.get(base + path).agent(new Agent({keepAlive: true})),
  jar: path => jar.get(base + path),
});
