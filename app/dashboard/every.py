"""The routers of every page; a word stands before an id that would take it for one."""

from app.dashboard import (
    account_forms,
    accounts,
    campaigns,
    collector,
    compliance,
    disputes,
    employee_forms,
    employees,
    follower_lists,
    imports,
    integration,
    me,
    me_forms,
    overview,
    pages,
    reports,
)

PAGES = (
    pages.router,
    overview.router,
    account_forms.router,
    accounts.router,
    campaigns.router,
    compliance.router,
    employees.router,
    employee_forms.router,
    imports.router,
    follower_lists.router,
    disputes.router,
    reports.router,
    collector.router,
    integration.router,
    me.router,
    me_forms.router,
)
