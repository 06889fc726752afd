#!/usr/bin/env node
// Old JavaScript on purpose: a Node that is too old must get as far as the message below.
var NODE_MAJOR_MIN = 24;

if (Number(process.versions.node.split(".")[0]) < NODE_MAJOR_MIN) {
  process.stderr.write(
    "lubdub: Expected Node " +
      NODE_MAJOR_MIN +
      " or newer; got Node " +
      process.versions.node +
      ".\n" +
      "In a checkout, after `npm ci`, type `npx lubdub`: npm then uses the Node that came with it.\n" +
      "Elsewhere, install Node " +
      NODE_MAJOR_MIN +
      " and try again. [LUBDUB_NODE_TOO_OLD]\n",
  );
  process.exitCode = 1;
} else {
  import("../dist/src/cli/main.js").catch(function (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND" || !/dist.src.cli.main\.js/.test(error.message)) throw error;
    process.stderr.write(
      "lubdub: Expected the built program in dist/; got none.\nBuild it first: npm run build\n",
    );
    process.exitCode = 1;
  });
}
