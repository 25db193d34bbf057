"""Reads {"wsdl": path, "envelopes": […]} from standard input, takes in each header block and body element with zeep, and
writes {"envelopes": […]} with the elements as zeep itself encodes what it understood. An envelope is null where zeep
lost an empty element of an empty type, which it can't hold."""

import json
import sys

import zeep
from lxml import etree

given = json.load(sys.stdin)
types = zeep.Client(given["wsdl"]).wsdl.types


def empty(envelope):
    return {n.tag for n in envelope.iter() if not (len(n) or n.text or n.attrib)}


echoed = []
for text in given["envelopes"]:
    envelope = etree.fromstring(text.encode())
    before = empty(envelope)
    for part in envelope:
        for node in list(part):
            element = types.get_element(node.tag)
            value = element.parse(node, types)
            part.remove(node)
            element.render(part, value)
    lost = before - empty(envelope)
    echoed.append(None if lost else etree.tostring(envelope, encoding="unicode"))
json.dump({"envelopes": echoed}, sys.stdout)
