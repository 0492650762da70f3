'use strict';

// A CouchDB-like server over LevelDB: `node pouch_server.js FOLDER`. Prints its URL.
// Only the routes that a replication needs, without log, accounts and web pages.

const express = require('express');
const expressPouch = require('express-pouchdb');
const PouchDB = require('pouchdb');

const [folder] = process.argv.slice(2);
const app = express();
app.use(
  '/',
  expressPouch(PouchDB.defaults({ prefix: `${folder}/` }), {
    mode: 'minimumForPouchDB',
    inMemoryConfig: true,
  }),
);
const server = app.listen(0, '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
// Laptops keep connections; on a slow link one that is closed after 5 s meets a request.
server.keepAliveTimeout = 120_000;
process.on('SIGTERM', () => process.exit(0));
