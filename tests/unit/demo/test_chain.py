"""Every link opened: what it says when it holds, and what when it is broken."""

from ashore.demo import chain, render
from ashore.demo.chain import Link
from tests.unit.demo.fakes import Lab, pod


async def opened(lab: Lab) -> dict[str, Link]:
    return {link.name: link for link in await chain.opened(lab.site())}


async def test_all_well_and_nothing_is_left_of_the_look(lab: Lab) -> None:
    lab.all_well()
    found = await opened(lab)
    assert all(link.good for link in found.values()), found
    assert [*found] == [
        "build", "push", "pull", "volume", "database", "service", "name", "page",
    ]  # fmt: skip
    assert found["pull"].said == "4 pods on w1, w2 run abababababab"
    assert found["database"].said.startswith("guestbook-db-1 on w2 leads, guestbook-db-0 follows")
    assert found["volume"].said.startswith("class shared: 1024 bytes")
    assert not lab.page.kept
    assert not lab.page.entries


async def test_without_docker_build_and_push_are_broken_and_the_rest_is_asked(lab: Lab) -> None:
    lab.machine.answer("docker *", stderr="Cannot connect to the Docker daemon", returncode=1)
    lab.machine.answer("dig *", "10.77.0.230")
    found = await opened(lab)
    assert [name for name, link in found.items() if not link.good] == ["build", "push"]
    assert "Cannot connect to the Docker daemon" in found["build"].said
    assert found["build"].mend


async def test_pods_of_another_image_are_told(lab: Lab) -> None:
    lab.all_well()
    other = pod("guestbook-c", "guestbook", "w1", imageID="x@sha256:" + "ef" * 32)
    lab.api.objects[render.PODS]["items"].append(other)
    found = await opened(lab)
    assert found["pull"].said == "pods run efefefefefef, the image is abababababab"


async def test_a_pod_that_cannot_pull_says_why(lab: Lab) -> None:
    lab.all_well()
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": "not found"}}
    lab.api.objects[render.PODS]["items"].append(
        pod("guestbook-c", "guestbook", "w1", ready=False, imageID="", state=waiting)
    )
    found = await opened(lab)
    assert found["pull"].said == "guestbook-c on w1: ImagePullBackOff: not found"


async def test_a_database_without_a_leader_or_a_follower_is_told(lab: Lab) -> None:
    lab.all_well()
    items = lab.api.objects[render.PODS]["items"]
    lab.api.objects[render.PODS]["items"] = items[:2] + items[3:]
    assert (await opened(lab))["database"].said == "no database follows guestbook-db-1"
    lab.page.status["POST /entries"] = 503
    assert (await opened(lab))["database"].said.startswith("the guestbook answers 503")


async def test_without_an_address_nothing_behind_it_can_be_opened(lab: Lab) -> None:
    lab.all_well()
    lab.api.objects[render.SERVICE] = {"status": {"loadBalancer": {}}}
    found = await opened(lab)
    broken = [name for name, link in found.items() if not link.good]
    assert broken == ["volume", "database", "service", "name"]
    assert found["service"].said == "service guestbook has no address"


async def test_a_name_that_leads_elsewhere_is_told(lab: Lab) -> None:
    for _ in range(2):
        lab.machine.answer("dig *", "")
    lab.all_well()
    found = await opened(lab)
    host = "guestbook.demo.demo.internal"
    assert found["name"].said == f"the gateway answers {host} by nothing"
    assert found["page"].said == f"the gateway does not know {host}"
    assert found["service"].good


async def test_a_page_that_is_not_the_guestbook_is_told(lab: Lab) -> None:
    lab.all_well()
    lab.page.status["GET /"] = 404
    assert "answers 404" in (await opened(lab))["page"].said
