// A foreign gRPC client: grpc-js, which learns all it knows by reflection. No
// code of ours, no proto files.
import grpc from '@grpc/grpc-js';
import { GrpcReflection } from 'grpc-js-reflection-client';

export async function connect(stack) {
  const address = `unix:${stack.path('control.sock')}`;
  const reflection = new GrpcReflection(address, grpc.credentials.createInsecure());
  // `token`: true for the service's own, false for none, else somebody's.
  const proofOf = (token) => {
    const metadata = new grpc.Metadata();
    if (token) metadata.set('authorization', `Bearer ${token === true ? stack.serviceToken() : token}`);
    return metadata;
  };
  const metadata = proofOf(true);
  const clients = new Map();
  async function stub(service) {
    if (!clients.has(service)) {
      const descriptor = await reflection.getDescriptorBySymbol(service);
      const loaded = descriptor.getPackageObject({ keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true });
      const Type = service.split('.').reduce((at, part) => at[part], loaded);
      clients.set(service, new Type(address, grpc.credentials.createInsecure()));
    }
    return clients.get(service);
  }
  return {
    services: () => reflection.listServices(),
    async call(service, method, request, { deadlineMs = 15_000, token = true } = {}) {
      const client = await stub(service);
      return new Promise((resolve, reject) =>
        client[method](request, proofOf(token), { deadline: Date.now() + deadlineMs },
          (error, answer) => (error ? reject(error) : resolve(answer))));
    },
    // All answers of a call that streams them.
    async collect(service, method, request, { token = true } = {}) {
      const stream = (await stub(service))[method](request, proofOf(token));
      const answers = [];
      for await (const answer of stream) answers.push(answer);
      return answers;
    },
    // A unary call to be cancelled.
    async begin(service, method, request) {
      return (await stub(service))[method](request, metadata, () => {});
    },
    async open(service, method, request) {
      const client = await stub(service);
      return request === undefined ? client[method](metadata) : client[method](request, metadata);
    },
    close() {
      for (const client of clients.values()) client.close();
    },
  };
}

export async function inviteLink(stack, api, role) {
  const invite = await api.call('atrium.v1.SessionService', 'CreateInvite', { parent: 'sessions/main', invite: { role } });
  return `${stack.origin}/join/${invite.secret}`;
}
