import { createInterface } from 'node:readline';

for await (const url of createInterface({ input: process.stdin })) {
  await (await fetch(url)).text();
}
