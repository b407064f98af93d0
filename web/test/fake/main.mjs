// Serves the built page with a pretended room: node test/fake/main.mjs [port]
import { runnerImport } from 'vite';

const port = Number(process.argv[2] ?? 8710);
const load = async (path) => (await runnerImport(path)).module;
const { FakeGateway } = await load('./test/fake/gateway.ts');
const { setScene, enliven } = await load('./test/fake/scene.ts');

const gateway = new FakeGateway();
setScene(gateway);
console.log(`http://127.0.0.1:${await gateway.listen(port)}/join/owner-you`);
setInterval(() => enliven(gateway), 20_000);
