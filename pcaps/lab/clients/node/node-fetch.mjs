// node-fetch, on Node's agents.
import http from 'node:http';
import https from 'node:https';
import fetch from 'node-fetch';
import {base, deadline, drive, late} from './drive.js';

const Agent = base.startsWith('https') ? https.Agent : http.Agent;
const agent = new Agent({keepAlive: true});
const get = async (path, options) => { await (await fetch(base + path, options)).text(); };
const agents = {'http:': new http.Agent({keepAlive: true}), 'https:': new https.Agent({keepAlive: true})};
const ask = async (url, {method, headers, body, read}) => {
  const r = await fetch(url, {method, headers, body, agent: u => agents[u.protocol]});
  await (read ? r.text() : r.body.destroy());
  return r.status;
};

drive({
  default: path => get(path),
  shared: path => get(path, {agent}),
  parallel: path => get(path, {agent}),
  unread: path => fetch(base + path, {agent}),
  drained: path => get(path, {agent}),
  idle: path => get(path, {agent}),
  deadline: path => get(path, {agent, signal: AbortSignal.timeout(deadline)}).catch(late),
  lines: ask,
  each: path => get(path, {agent: new Agent({keepAlive: true})}),
});
