// node-fetch, on Node's agents.
import http from 'node:http';
import https from 'node:https';
import fetch from 'node-fetch';
import {base, drive} from './drive.js';

const Agent = base.startsWith('https') ? https.Agent : http.Agent;
const agent = new Agent({keepAlive: true});
const get = async (path, options) => { await (await fetch(base + path, options)).text(); };

drive({
  default: path => get(path),
  shared: path => get(path, {agent}),
  parallel: path => get(path, {agent}),
  unread: path => fetch(base + path, {agent}),
  drained: path => get(path, {agent}),
  idle: path => get(path, {agent}),
  each: path => get(path, {agent: new Agent({keepAlive: true})}),
});
