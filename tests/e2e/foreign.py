"""A foreign client: grpcio and protobuf, no code of ours, no proto files.

Learns the API by reflection, checks health, creates a session, runs a command.
Usage: foreign.py SOCKET TOKEN_FILE
"""
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

# The reflection protocol itself, as its specification has it.
REFLECTION = descriptor_pb2.FileDescriptorProto(
    name="reflection.proto", package="grpc.reflection.v1alpha", syntax="proto3")
for name, fields in {
    "ServerReflectionRequest": [("host", 1, 9, None), ("file_containing_symbol", 4, 9, None), ("list_services", 7, 9, None)],
    "FileDescriptorResponse": [("file_descriptor_proto", 1, 12, "*")],
    "ServiceResponse": [("name", 1, 9, None)],
    "ListServiceResponse": [("service", 1, 11, "*ServiceResponse")],
    "ServerReflectionResponse": [("file_descriptor_response", 4, 11, "FileDescriptorResponse"), ("list_services_response", 6, 11, "ListServiceResponse")],
}.items():
    message = REFLECTION.message_type.add(name=name)
    for field, number, kind, of in fields:
        added = message.field.add(name=field, number=number, type=kind, label=3 if of and of.startswith("*") else 1)
        if of and of.strip("*"):
            added.type_name = ".grpc.reflection.v1alpha." + of.strip("*")

pool = descriptor_pool.DescriptorPool()
pool.Add(REFLECTION)


def message_class(full_name):
    return message_factory.MessageFactory(pool).GetPrototype(pool.FindMessageTypeByName(full_name))


def main():
    channel = grpc.insecure_channel("unix:" + sys.argv[1])
    metadata = [("authorization", "Bearer " + open(sys.argv[2]).read())]
    request_class = message_class("grpc.reflection.v1alpha.ServerReflectionRequest")
    response_class = message_class("grpc.reflection.v1alpha.ServerReflectionResponse")
    reflect = channel.stream_stream(
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        request_serializer=request_class.SerializeToString, response_deserializer=response_class.FromString)

    def ask(**question):
        return next(reflect(iter([request_class(**question)]), timeout=10))

    for service in ask(list_services="*").list_services_response.service:
        print(service.name)

    def learn(symbol):
        files = [descriptor_pb2.FileDescriptorProto.FromString(raw)
                 for raw in ask(file_containing_symbol=symbol).file_descriptor_response.file_descriptor_proto]
        waiting = {file.name: file for file in files}

        def add(file):
            for dependency in file.dependency:
                if dependency in waiting:
                    add(waiting.pop(dependency))
                else:
                    try:
                        pool.FindFileByName(dependency)
                    except KeyError:
                        # The server sends dependencies one by one when asked for them.
                        __import__("google.protobuf." + dependency.split("/")[-1].replace(".proto", "_pb2"))
                        known = descriptor_pb2.FileDescriptorProto()
                        descriptor_pool.Default().FindFileByName(dependency).CopyToProto(known)
                        pool.Add(known)
            pool.Add(file)

        while waiting:
            add(waiting.pop(next(iter(waiting))))

    def call(method, request, response, deadline=15, **fields):
        rpc = channel.unary_unary(method, request_serializer=message_class(request).SerializeToString,
                                  response_deserializer=message_class(response).FromString)
        return rpc(message_class(request)(**fields), metadata=metadata, timeout=deadline)

    learn("grpc.health.v1.Health")
    print("health", call("/grpc.health.v1.Health/Check", "grpc.health.v1.HealthCheckRequest", "grpc.health.v1.HealthCheckResponse").status)
    learn("atrium.v1.SessionService")
    session = call("/atrium.v1.SessionService/CreateSession", "atrium.v1.CreateSessionRequest", "atrium.v1.Session")
    ran = call("/atrium.v1.TabService/RunCommand", "atrium.v1.RunCommandRequest", "atrium.v1.RunCommandResponse",
               parent=session.name, command="echo from python; exit 3")
    print(ran.output.decode(), end="")
    print("exit code", ran.exit_code)


main()
