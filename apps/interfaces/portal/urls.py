"""The portal's addresses. Everything about an account is below `/portal/<account id>/`."""

from django.urls import URLPattern, URLResolver, include, path

from apps.interfaces.portal.views import (
    api_key,
    branding,
    call_history,
    customers,
    devices,
    flow_steps,
    flows,
    home,
    live_calls,
    people,
    ring_groups,
    search,
    session,
)

_entry: list[URLPattern | URLResolver] = [
    path("", session.root, name="root"),
    path("login", session.login, name="login"),
    path("logout", session.logout, name="logout"),
    path("recovery", session.recovery, name="recovery"),
    path("recovery/<str:token>", session.reset, name="reset"),
    path("brand/<str:account_id>/logo", branding.brand_logo, name="brand_logo"),
]
_account: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("search", search.search, name="search"),
    path("customers", customers.customers, name="customers"),
    path("customers/new", customers.customer_create, name="customer_create"),
    path("customers/<str:customer_id>", customers.customer, name="customer"),
    path("customers/<str:customer_id>/edit", customers.customer_edit, name="customer_edit"),
    path("customers/<str:customer_id>/delete", customers.customer_delete, name="customer_delete"),
    path("people", people.people, name="people"),
    path("people/new", people.person_create, name="person_create"),
    path("people/<str:person_id>", people.person, name="person"),
    path("people/<str:person_id>/edit", people.person_edit, name="person_edit"),
    path("people/<str:person_id>/delete", people.person_delete, name="person_delete"),
    path("devices", devices.devices, name="devices"),
    path("devices/new", devices.device_create, name="device_create"),
    path("devices/<str:device_id>", devices.device, name="device"),
    path("devices/<str:device_id>/edit", devices.device_edit, name="device_edit"),
    path("devices/<str:device_id>/delete", devices.device_delete, name="device_delete"),
    path("devices/<str:device_id>/sync", devices.device_sync, name="device_sync"),
    path("ring-groups", ring_groups.ring_groups, name="ring_groups"),
    path("ring-groups/new", ring_groups.ring_group_create, name="ring_group_create"),
    path("ring-groups/<str:ring_group_id>", ring_groups.ring_group, name="ring_group"),
    path("ring-groups/<str:ring_group_id>/edit", ring_groups.ring_group_edit, name="ring_group_edit"),
    path("ring-groups/<str:ring_group_id>/delete", ring_groups.ring_group_delete, name="ring_group_delete"),
    path("flows", flows.flows, name="flows"),
    path("flows/new", flows.flow_create, name="flow_create"),
    path("flows/<str:flow_id>", flows.flow, name="flow"),
    path("flows/<str:flow_id>/step", flow_steps.flow_node, name="flow_node"),
    path("flows/<str:flow_id>/delete", flows.flow_delete, name="flow_delete"),
    path("live", live_calls.live_calls, name="live_calls"),
    path("live/rows", live_calls.live_calls_rows, name="live_calls_rows"),
    path("live/<str:call_id>/hang-up", live_calls.call_hangup, name="call_hangup"),
    path("calls", call_history.call_history, name="call_history"),
    path("calls.csv", call_history.call_history_csv, name="call_history_csv"),
    path("calls/<str:interaction_id>", call_history.call, name="call"),
    path("branding", branding.branding, name="branding"),
    path("api-key", api_key.api_key, name="api_key"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include(([*_entry, path("portal/<str:account_id>/", include(_account))], "portal"))),
]
