from django.urls import path

from repos.api import repositories, slices

ONE = "repositories/<uuid:public_id>"

urlpatterns = [
    path("repositories", repositories.RepositoryList.as_view(), name="api_repositories"),
    path(ONE, repositories.RepositoryDetail.as_view(), name="api_repository"),
    path(f"{ONE}/reindex", repositories.RepositoryReindex.as_view(), name="api_repository_reindex"),
    path(f"{ONE}/runs", repositories.RepositoryRuns.as_view(), name="api_repository_runs"),
    path(f"{ONE}/symbols", repositories.RepositorySymbols.as_view(), name="api_repository_symbols"),
    path(f"{ONE}/slices", slices.repository_slices, name="api_repository_slices"),
]
