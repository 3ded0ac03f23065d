from django.urls import path

from repos.api import code, proofs, repositories, slices, snapshots

ONE = "repositories/<uuid:public_id>"

urlpatterns = [
    path("repositories", repositories.RepositoryList.as_view(), name="api_repositories"),
    path(ONE, repositories.RepositoryDetail.as_view(), name="api_repository"),
    path(f"{ONE}/reindex", repositories.RepositoryReindex.as_view(), name="api_repository_reindex"),
    path(f"{ONE}/runs", repositories.RepositoryRuns.as_view(), name="api_repository_runs"),
    path(f"{ONE}/symbols", repositories.RepositorySymbols.as_view(), name="api_repository_symbols"),
    path(f"{ONE}/symbol", code.RepositorySymbol.as_view(), name="api_repository_symbol"),
    path(f"{ONE}/graph", code.RepositoryGraph.as_view(), name="api_repository_graph"),
    path(f"{ONE}/snapshots", snapshots.RepositorySnapshots.as_view(), name="api_repository_snapshots"),
    path(f"{ONE}/pins", snapshots.RepositoryPins.as_view(), name="api_repository_pins"),
    path(f"{ONE}/proof", proofs.RepositoryProofDetail.as_view(), name="api_repository_proof"),
    path(f"{ONE}/slices", slices.repository_slices, name="api_repository_slices"),
]
