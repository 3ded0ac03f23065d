from django.urls import path

from repos.views import graph, keeping, proof, repositories, search, slices, snapshots, symbols
from repos.webhooks import git_webhook

LIST = "t/<slug:team>/repositories/"
ONE = f"{LIST}<uuid:public_id>/"

urlpatterns = [
    path("t/<slug:team>/search/", search.search, name="search"),
    path(LIST, repositories.repository_list, name="repository_list"),
    path(f"{LIST}link/", repositories.repository_link, name="repository_link"),
    path(f"{LIST}keep/", keeping.repository_keep, name="repository_keep"),
    path(ONE, repositories.repository, name="repository"),
    path(f"{ONE}progress/", repositories.repository_progress, name="repository_progress"),
    path(f"{ONE}proof/", proof.repository_proof, name="repository_proof"),
    path(f"{ONE}reindex/", repositories.repository_reindex, name="repository_reindex"),
    path(f"{ONE}token/", repositories.repository_token, name="repository_token"),
    path(f"{ONE}unlink/", repositories.repository_unlink, name="repository_unlink"),
    path(f"{ONE}pin/", snapshots.repository_pin, name="repository_pin"),
    path(f"{ONE}graph/", graph.repository_graph, name="repository_graph"),
    path(f"{ONE}symbols/", slices.repository_symbols, name="repository_symbols"),
    path(f"{ONE}symbol/", symbols.repository_symbol, name="repository_symbol"),
    path(f"{ONE}try/", slices.repository_try, name="repository_try"),
    path("webhooks/git/<uuid:public_id>", git_webhook, name="git_webhook"),
]
