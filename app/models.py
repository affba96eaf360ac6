"""Every table of the service, so that one import knows the whole schema."""

from app.accounts import models as accounts
from app.budgets import models as budgets
from app.campaigns import models as campaigns
from app.changes import models as changes
from app.compliance import models as compliance
from app.connections import models as connections
from app.contacts import models as contacts
from app.core.db import Base
from app.disputes import models as disputes
from app.employees import models as employees
from app.exchange import models as exchange
from app.excuses import models as excuses
from app.gauges import models as gauges
from app.identity import models as identity
from app.jobs import models as jobs
from app.neutrality import models as neutrality
from app.observations import models as observations
from app.official_accounts import models as official_accounts
from app.privacy import models as privacy
from app.reminders import models as reminders
from app.reports import models as reports
from app.scim import models as scim
from app.subject_requests import models as subject_requests
from app.webhooks import models as webhooks
from app.work_units import models as work_units

ROOMS = (
    accounts,
    budgets,
    campaigns,
    changes,
    compliance,
    connections,
    contacts,
    disputes,
    employees,
    exchange,
    excuses,
    gauges,
    identity,
    jobs,
    neutrality,
    observations,
    official_accounts,
    reports,
    subject_requests,
    privacy,
    reminders,
    webhooks,
    scim,
    work_units,
)
TABLES = frozenset(Base.metadata.tables)
