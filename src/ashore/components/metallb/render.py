"""MetalLB's objects: its kinds, its programs, and the pool that the address plan keeps for it."""

import base64
import json
import secrets

from ashore.components.manifest import Manifest
from ashore.components.templates import render
from ashore.model.types import Stack

NAMESPACE = "metallb-system"
POOL = "services"
CONTROLLER = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/controller"
SPEAKERS = f"/apis/apps/v1/namespaces/{NAMESPACE}/daemonsets/speaker"
POOL_PATH = f"/apis/metallb.io/v1beta1/namespaces/{NAMESPACE}/ipaddresspools/{POOL}"
ANNOUNCED = f"/apis/metallb.io/v1beta1/namespaces/{NAMESPACE}/servicel2statuses"
"""Which node announces which Service's address, one object each."""

_KINDS = (
    ("BFDProfile", "bfdprofiles", ("v1beta1",)),
    ("BGPAdvertisement", "bgpadvertisements", ("v1beta1",)),
    ("BGPPeer", "bgppeers", ("v1beta2", "v1beta1")),
    ("Community", "communities", ("v1beta1",)),
    ("ConfigurationState", "configurationstates", ("v1beta1",)),
    ("IPAddressPool", "ipaddresspools", ("v1beta1",)),
    ("L2Advertisement", "l2advertisements", ("v1beta1",)),
    ("ServiceBGPStatus", "servicebgpstatuses", ("v1beta1",)),
    ("ServiceL2Status", "servicel2statuses", ("v1beta1",)),
)
"""Kind, plural and versions of all that the programs watch, used here or not; objects are
stored as the first version."""

_MEMBERS = {
    "TCPTimeout": "2s",
    "IndirectChecks": 3,
    "RetransmitMult": 4,
    "SuspicionMult": 2,
    "SuspicionMaxTimeoutMult": 6,
    "PushPullInterval": "30s",
    "ProbeTimeout": "200ms",
    "ProbeInterval": "400ms",
    "DisableTcpPings": False,
    "AwarenessMaxMultiplier": 8,
    "GossipNodes": 3,
    "GossipInterval": "100ms",
    "GossipToTheDeadTime": "30s",
    "GossipVerifyIncoming": True,
    "GossipVerifyOutgoing": True,
    "EnableCompression": True,
    "HandoffQueueDepth": 1024,
    "UDPBufferSize": 1400,
    "QueueCheckInterval": "30s",
}
"""How speakers find out that one of them is gone; none of the fields may be missing.

Those of a local network are a probe a second and four times that until a
silent member counts as dead: 6.6 s until another one announces its addresses.
With these it takes about two. One that was only slow is back as quickly.
"""


def manifest(stack: Stack, controller: str, speaker: str, key: bytes) -> Manifest:
    """Everything, and the planned addresses as the one pool.

    Args:
        controller, speaker: images.
        key: what the speakers encrypt their messages to each other with.
    """
    first, last = stack.network.services
    text = render(
        __package__,
        "metallb.yaml",
        namespace=NAMESPACE,
        kinds=_KINDS,
        members=json.dumps(_MEMBERS),
        key=base64.b64encode(key).decode(),
        pool=POOL,
        addresses=f"{first}-{last}",
        controller=controller,
        speaker=speaker,
    )
    return Manifest(text, CONTROLLER)


def make_key() -> bytes:
    """A new key for the speakers: 32 bytes, as MetalLB takes the first 32 as they are."""
    return secrets.token_bytes(32)
