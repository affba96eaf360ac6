"""The web application: rooms' routers, the edge, and operations endpoints."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app import operations
from app.accounts import routes as accounts
from app.audit import routes as audit
from app.budgets import routes as budgets
from app.campaigns import routes as campaigns
from app.campaigns.memory import DriftMemory, GrowthMemory
from app.compliance import routes as compliance
from app.connections import routes as connections
from app.contacts import routes as contacts
from app.contract import Service
from app.core.crypto import registry_keys_of
from app.core.db import Database, make_engine
from app.core.guarding import Guard
from app.core.logs import configure_logging
from app.core.services import Services
from app.core.web import install_edge
from app.dashboard.every import PAGES
from app.disputes import routes as disputes
from app.employees import routes as employees
from app.exchange import routes as exchange
from app.excuses import routes as excuses
from app.feed import routes as feed
from app.gauges.exposing import GaugeMemory
from app.grafana import routes as grafana
from app.identity.access import CallerMemory
from app.identity.limits import Limits
from app.keys import routes as keys
from app.me import routes as me
from app.neutrality import routes as neutrality
from app.observations import routes as observations
from app.official_accounts import routes as official_accounts
from app.privacy import routes as privacy
from app.public import routes as public
from app.reminders import routes as reminders
from app.reports import routes as reports
from app.reports.printing import Press
from app.scim import group_routes as scim_groups
from app.scim import routes as scim
from app.scim.refusals import ScimErrors
from app.settings import Settings, get_settings
from app.sign_in import routes as sign_in
from app.sign_in.service import SignIn
from app.subject_requests import routes as subject_requests
from app.webhooks import routes as webhooks
from app.work_units import routes as work_units

# A path is compared with every route before its own, so the busiest room stands first.
ROUTERS = (
    campaigns.router,
    work_units.router,
    employees.router,
    accounts.router,
    connections.router,
    contacts.router,
    exchange.router,
    scim.router,
    scim_groups.router,
    official_accounts.router,
    observations.router,
    compliance.router,
    neutrality.router,
    excuses.router,
    disputes.router,
    reports.router,
    reminders.router,
    budgets.router,
    audit.router,
    feed.router,
    webhooks.router,
    grafana.router,
    keys.router,
    sign_in.router,
    me.router,
    subject_requests.router,
    privacy.router,
    public.router,
    operations.router,
)


def create_app(services: Services) -> FastAPI:
    """The application over given services; tests pass their own."""
    app = Service(
        ROUTERS,
        title="SIMEDSOS",
        version="0.1.0",
        summary="Who has done what was asked, and did the official accounts grow: with evidence.",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    # Pages for people; they are no part of the API's contract.
    for room in PAGES:
        app.include_router(room)
    app.state.services = services
    app.state.callers = CallerMemory()
    app.state.sign_in = SignIn(services)
    app.state.limits = Limits(services.settings)
    app.state.growth = GrowthMemory()
    app.state.drift = DriftMemory()
    app.state.gauges = GaugeMemory()
    app.state.press = Press()
    # Each further middleware stands around the one before.
    app.add_middleware(Guard, settings=services.settings)
    app.add_middleware(ScimErrors)
    install_edge(app)
    return app


def from_environment() -> FastAPI:
    """The application as uvicorn starts it, configured by the environment."""
    settings: Settings = get_settings()
    configure_logging(settings.log_level)
    engine = make_engine(settings.required_database_url())
    database = Database(engine, registry=registry_keys_of(settings))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await database.aclose()

    app = create_app(Services(database, settings))
    app.router.lifespan_context = lifespan
    return app
