"""Who gets which answer from which route: the table that `test_access_matrix.py` proves.

A cell is the HTTP status, or `login` for a redirect to the log-in page. Rows with an id in their path are asked for
Acme's own thing; that another team's id answers 404 is proved apart, for every such route.
"""

# Pages. `rival` owns another team; `nobody` is not logged in; `key` is a browser's request with a good API key.
PEOPLE = ("owner", "admin", "member", "billing", "rival", "nobody", "key")
PAGES = """
route                 method  owner  admin  member  billing  rival  nobody  key
landing               GET     200    200    200     200      200    200     200
healthz               GET     200    200    200     200      200    200     200
readyz                GET     200    200    200     200      200    200     200
api_docs              GET     200    200    200     200      200    200     200
api_schema            GET     200    200    200     200      200    200     200

home                  GET     302    302    302     302      302    login   login
profile               GET     200    200    200     200      200    login   login
profile               POST    302    302    302     302      302    login   login
team_create           GET     200    200    200     200      200    login   login
team_create           POST    302    302    302     302      302    login   login
invitation            GET     302    302    302     302      302    302     302
invitation_offer      GET     404    404    404     404      404    404     404
invitation_accept     POST    404    404    404     404      404    login   login
invitation_later      POST    302    302    302     302      302    login   login

team_members          GET     200    200    200     200      404    login   login
member_invite         GET     200    200    403     403      404    login   login
member_invite         POST    302    302    403     403      404    login   login
member_role           POST    302    302    403     403      404    login   login
member_remove         GET     200    200    403     403      404    login   login
member_remove         POST    302    302    403     403      404    login   login
team_leave            GET     200    200    200     200      404    login   login
team_leave            POST    302    302    302     302      404    login   login
invitation_resend     POST    302    302    403     403      404    login   login
invitation_revoke     POST    302    302    403     403      404    login   login
api_keys              GET     200    200    200     403      404    login   login
api_key_create        GET     200    200    200     403      404    login   login
api_key_create        POST    200    200    200     403      404    login   login
api_key_revoke        POST    302    302    302     403      404    login   login
audit_log             GET     200    200    403     403      404    login   login
team_settings         GET     200    200    403     403      404    login   login
team_rename           POST    302    302    403     403      404    login   login
team_close            GET     200    403    403     403      404    login   login
team_close            POST    302    403    403     403      404    login   login
billing               GET     200    200    403     200      404    login   login
billing_plan          GET     200    403    403     200      404    login   login
billing_cost          GET     200    403    403     200      404    login   login
billing_change        POST    303    403    403     303      404    login   login
billing_resume        POST    303    403    403     303      404    login   login
billing_pay           POST    303    403    403     303      404    login   login
billing_portal        POST    303    403    403     303      404    login   login
billing_progress      GET     200    200    403     200      404    login   login
billing_return        GET     404    403    403     404      404    login   login
billing_refresh       POST    303    403    403     303      404    login   login
billing_seat_preview  GET     200    200    403     200      404    login   login

search                GET     200    200    200     200      404    login   login
repository_list       GET     200    200    200     403      404    login   login
repository_link       GET     200    200    403     403      404    login   login
repository_link       POST    302    302    403     403      404    login   login
repository_keep       GET     200    200    403     403      404    login   login
repository_keep       POST    302    302    403     403      404    login   login
repository            GET     200    200    200     403      404    login   login
repository_progress   GET     200    200    200     403      404    login   login
repository_proof      GET     200    200    200     403      404    login   login
repository_reindex    POST    302    302    403     403      404    login   login
repository_token      GET     200    200    403     403      404    login   login
repository_token      POST    302    302    403     403      404    login   login
repository_unlink     GET     200    200    403     403      404    login   login
repository_unlink     POST    302    302    403     403      404    login   login
repository_pin        POST    302    302    403     403      404    login   login
repository_graph      GET     200    200    200     403      404    login   login
repository_symbols    GET     200    200    200     403      404    login   login
repository_symbol     GET     200    200    200     403      404    login   login
repository_try        GET     200    200    200     403      404    login   login
repository_try        POST    200    200    200     403      404    login   login

overview              GET     200    200    200     200      404    login   login
setup_skip            POST    302    302    302     302      404    login   login
setup_show            POST    302    302    302     302      404    login   login
agents                GET     200    200    200     200      404    login   login
spend                 GET     200    200    200     200      404    login   login
spend_csv             GET     200    200    200     200      404    login   login

git_webhook           POST    401    401    401     401      401    401     401
stripe_webhook        POST    404    404    404     404      404    404     404
"""

# The API. People come by their session; `scope` is a service key with just the scope that the route needs, `others` one
# with all scopes but that, `personal` a key of mei's (a member) that asks for every scope.
CALLERS = ("owner", "admin", "member", "billing", "rival", "nobody", "scope", "others", "personal")
API = """
route                   method  owner  admin  member  billing  rival  nobody  scope  others  personal
api_team                GET     200    200    200     200      200    401     200    403     200
api_team_members        GET     200    200    200     200      200    401     200    403     200
api_repositories        GET     200    200    200     403      200    401     200    403     200
api_repositories        POST    201    201    403     403      201    401     201    403     403
api_repository          GET     200    200    200     403      404    401     200    403     200
api_repository          DELETE  204    204    403     403      404    401     204    403     403
api_repository_reindex  POST    202    202    403     403      404    401     202    403     403
api_repository_runs     GET     200    200    200     403      404    401     200    403     200
api_repository_symbols  GET     200    200    200     403      404    401     200    403     200
api_repository_symbol   GET     200    200    200     403      404    401     200    403     200
api_repository_graph    GET     200    200    200     403      404    401     200    403     200
api_repository_snapshots GET    200    200    200     403      404    401     200    403     200
api_repository_pins     POST    200    200    403     403      404    401     200    403     403
api_repository_proof    GET     200    200    200     403      404    401     200    403     200
api_repository_slices   POST    200    200    200     403      404    401     200    403     200
api_usage_events        POST    200    200    200     403      200    401     200    403     200
api_spend               GET     200    200    200     200      200    401     200    403     200
api_billing             GET     200    200    403     200      200    401     200    403     403
api_billing_invoices    GET     200    200    403     200      200    401     200    403     403
"""

# The log-in library's own pages that somebody who is not logged in may open. All others lead to the log-in, also those
# of a log-in half done: a second step or a code belongs to the browser that began it.
OPEN_ACCOUNT_PAGES = {
    "account_login",
    "account_logout",
    "account_signup",
    "account_inactive",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
}
