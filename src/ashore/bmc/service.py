"""Which resource answers which request. Nothing here knows of sockets."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from ashore.bmc import payload, resources
from ashore.bmc.config import Account, Config
from ashore.bmc.errors import closing, refuse
from ashore.bmc.exchange import Answer, Body, Refused, Request
from ashore.bmc.gate import SESSION, Gate, Session
from ashore.bmc.limits import Limits
from ashore.bmc.log import Log
from ashore.bmc.power import Busy, DriverFailed, Systems

_ACTION = "ComputerSystem.Reset"
_Handler = Callable[[Request], Awaitable[Answer]]


class Service:
    """Answers requests for the machines of one stack."""

    def __init__(self, config: Config, systems: Systems, log: Log, limits: Limits) -> None:
        self._config = config
        self._version = config.version
        self._systems = systems
        self._log = log
        self._gate = Gate(config.accounts, limits)

    async def answer(self, request: Request) -> Answer:
        """The answer; never raises but for a cancelled task."""
        try:
            return await self._route(request)
        except Refused as refused:
            return refused.answer
        except Exception as error:  # one request must not end the service
            why = f"{type(error).__name__}: {error}"
            text = "the service failed; its log has more"
            return replace(closing(refuse(500, "InternalError", text)).answer, why=why)

    async def _route(self, request: Request) -> Answer:
        if request.headers.get("odata-version", "4.0") != "4.0":
            raise refuse(412, "GeneralError", "only OData-Version 4.0 is spoken here")
        path = request.path.rstrip("/")
        methods = self._open(path)
        if methods is None and (request.method, path) == ("POST", resources.SESSIONS):
            methods = self._sessions()
        if methods is None:
            account = await self._gate.account(request.headers)
            try:
                methods = self._own(path, account)
                return replace(await self._call(methods, request), account=account.name)
            except Refused as refused:
                raise Refused(replace(refused.answer, account=account.name)) from refused
        return await self._call(methods, request)

    async def _call(self, methods: dict[str, _Handler], request: Request) -> Answer:
        handler = methods.get("GET" if request.method == "HEAD" else request.method)
        allow = ", ".join([*methods, "HEAD"] if "GET" in methods else methods)
        if handler is None:
            why = f"{request.method} is not for this resource"
            raise refuse(405, "ActionNotSupported", why, request.method, Allow=allow)
        answer = await handler(request)
        return replace(answer, headers={"Allow": allow, **answer.headers})

    def _open(self, path: str) -> dict[str, _Handler] | None:
        """Resources that answer without an account, as the standard asks; None if it needs one."""
        match path.split("/")[1:]:
            case ["redfish"]:
                return _get(resources.versions())
            case ["redfish", "v1"]:
                return _get(resources.root(self._config.stack, self._version))
            case ["redfish", "v1", "odata"]:
                return _get(resources.service_document())
            case _:
                return None

    def _own(self, path: str, account: Account) -> dict[str, _Handler]:
        """Resources of an account.

        Raises:
            Refused: 404, or 403 for another's.
        """
        match path.split("/")[1:]:
            case ["redfish", "v1", "Systems"]:
                return _get(resources.systems([account.machine]))
            case ["redfish", "v1", "Systems", name]:
                self._check(path, name, account)
                return {"GET": lambda _: self._system(name)}
            case ["redfish", "v1", "Systems", name, "Actions", action] if action == _ACTION:
                self._check(path, name, account)
                return {"POST": lambda request: self._reset(name, account, request)}
            case ["redfish", "v1", "SessionService"]:
                return _get(resources.session_service(SESSION))
            case ["redfish", "v1", "SessionService", "Sessions"]:
                return self._sessions(account)
            case ["redfish", "v1", "SessionService", "Sessions", identity]:
                found = [s for s in self._gate.sessions(account) if s.identity == identity]
                if found:
                    return self._session(found[0])
            case _:
                pass
        raise refuse(404, "ResourceMissingAtURI", f"nothing is at {path[:200]}", path[:200])

    def _check(self, path: str, name: str, account: Account) -> None:
        if name == account.machine:
            return
        if name in self._config.machines:
            raise refuse(403, "InsufficientPrivilege", f"{account.name} may not see {name}")
        raise refuse(404, "ResourceMissingAtURI", f"no machine is at {path[:200]}", path[:200])

    async def _system(self, name: str) -> Answer:
        try:
            reading = await self._systems.reading(name)
        except DriverFailed as error:
            why = f"the power state of {name} is not known: {error}"
            raise refuse(503, "ServiceTemporarilyUnavailable", why, "1", Retry_After="1") from error
        return Answer(200, resources.system(self._config.stack, name, reading))

    async def _reset(self, name: str, account: Account, request: Request) -> Answer:
        kind = payload.reset_type(request.body)
        entry = self._log.reset(account.name, request.peer, name, kind)
        begun = time.monotonic()
        answer = Answer(500, why="interrupted")
        try:
            await self._systems.reset(name, kind)
            answer = Answer(204)
        except Busy:
            why = f"too many resets of {name} wait"
            answer = refuse(503, "ServiceTemporarilyUnavailable", why, "1", Retry_After="1").answer
        except DriverFailed as error:
            why = f"{kind} of {name} failed: {error}"
            answer = refuse(500, "InternalError", why).answer
        finally:
            entry.done(answer.status, answer.why, time.monotonic() - begun)
        return answer

    def _sessions(self, account: Account | None = None) -> dict[str, _Handler]:
        """The collection; making a session is the one thing that needs no account before."""
        mine = [s.identity for s in self._gate.sessions(account)] if account else []
        return {**_get(resources.sessions(mine)), "POST": self._login}

    async def _login(self, request: Request) -> Answer:
        account = await self._gate.login(*payload.credentials(request.body))
        session = self._gate.open(account)
        body = resources.session(session.identity, account.name)
        location = {"Location": body["@odata.id"], "X-Auth-Token": session.token}
        return Answer(201, body, location, account=account.name)

    def _session(self, session: Session) -> dict[str, _Handler]:
        async def delete(_: Request) -> Answer:
            self._gate.close(session)
            return Answer(204)

        show = resources.session(session.identity, session.account)
        return {**_get(show), "DELETE": delete}


def _get(body: Body) -> dict[str, _Handler]:
    async def show(_: Request) -> Answer:
        return Answer(200, body)

    return {"GET": show}
