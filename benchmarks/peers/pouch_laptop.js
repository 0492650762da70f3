'use strict';

// One laptop over LevelDB: `node pouch_laptop.js VERB FOLDER URL`.
//
// fill  put the documents of a file of JSON lines, given instead of the URL
// push  replicate to the server; pull  replicate from it; sync  both
//
// Says "ready" once the database is open, waits for a line, does it, and prints how long
// it took, the CPU of this process meanwhile, and how many documents were written.

const fs = require('fs');
const http = require('http');
const readline = require('readline');
const PouchDB = require('pouchdb');

const BATCH = 1000;
const NAME = 'http://server.invalid/bags';
const [verb, folder, target] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true });

function remoteAt(url) {
  // A replication goes on where the one with the same address ended. Servers and proxies
  // of a run listen elsewhere each time, so laptops know them under one name.
  return new PouchDB(NAME, {
    // Nobody asks whether the database is there; as in a browser, connections are kept.
    skip_setup: true,
    fetch: (address, given) =>
      PouchDB.fetch(String(address).replace(NAME, url), { ...given, agent }),
  });
}

async function fill(local) {
  const lines = fs.readFileSync(target, 'utf8').split('\n').filter(Boolean);
  for (let start = 0; start < lines.length; start += BATCH) {
    const docs = lines.slice(start, start + BATCH).map((line) => JSON.parse(line));
    const refused = (await local.bulkDocs(docs)).filter((each) => each.error);
    if (refused.length) throw new Error(JSON.stringify(refused[0]));
  }
  return lines.length;
}

async function run(local) {
  if (verb === 'fill') return { records: await fill(local) };
  const remote = remoteAt(target);
  const options = { batch_size: BATCH };
  if (verb === 'push') {
    return { records: (await local.replicate.to(remote, options)).docs_written };
  }
  if (verb === 'pull') {
    const { docs_written: received } = await local.replicate.from(remote, options);
    return { records: received, received };
  }
  const { push, pull } = await PouchDB.sync(local, remote, options);
  return { records: push.docs_written, received: pull.docs_written };
}

async function main() {
  const local = new PouchDB(folder);
  await local.info();
  console.log('ready');
  const lines = readline.createInterface({ input: process.stdin });
  await new Promise((go) => lines.once('line', go));
  const cpu = process.cpuUsage();
  const began = process.hrtime.bigint();
  const passed = await run(local);
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  const spent = process.cpuUsage(cpu);
  await local.close();
  console.log(
    JSON.stringify({ seconds, cpu_s: (spent.user + spent.system) / 1e6, ...passed }),
  );
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
