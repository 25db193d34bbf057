"""Reads {"wsdl": path, "operation": name, "requests": [envelope…], "replies": [{"type": Content-Type, "content": base64}…]}
from standard input and takes all in with the binding of the WSDL's only port, replies as they come over HTTP, attachments
included. Writes {"requests": […], "replies": […]}: the envelopes as zeep itself encodes what it understood."""

import base64
import json
import sys
from types import SimpleNamespace

import zeep
from lxml import etree

given = json.load(sys.stdin)
client = zeep.Client(given["wsdl"])
(service,) = client.wsdl.services.values()
(port,) = service.ports.values()
operation = port.binding.get(given["operation"])
operation.process_reply = lambda envelope: envelope  # as it is once the attachments are back in their places


def echo(message, envelope):
    body = envelope.find("soap-env:Body", namespaces=message.nsmap)
    value = message._deserialize_body(body)["body"]
    return etree.tostring(message.serialize(**value.__values__).content, encoding="unicode")


def reply(r):
    response = SimpleNamespace(status_code=200, headers={"Content-Type": r["type"]}, content=base64.b64decode(r["content"]), encoding=None)
    return port.binding.process_reply(client, operation, response)


json.dump(
    {
        "requests": [echo(operation.input, etree.fromstring(r.encode())) for r in given["requests"]],
        "replies": [echo(operation.output, reply(r)) for r in given["replies"]],
    },
    sys.stdout,
)
