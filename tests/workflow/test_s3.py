"""The S3 profile against a local S3 server (moto): the finished suite is one object, and nothing is done twice."""

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

KEYS = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
PROFILE = Path(__file__).parents[2] / "profiles" / "s3"
SMOKE = {
    "seeds": 1,
    "dataset": {"name": "digits", "train_limit": 128, "test_limit": 40},
    "contrast": {"queue_size": 64},
    "evaluate": {"knn_k": 5, "corruptions": False, "floors": False, "probe": {"c_values": [1.0]}},
}


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, str]]:
    """A bucket of a server of this test's own, and the server's address. MOCO_BENCH_REQUIRE_S3=1 promises both."""
    try:
        import boto3
        import snakemake_storage_plugin_s3  # noqa: F401
        from moto.server import ThreadedMotoServer
    except ImportError as error:
        (pytest.fail if os.environ.get("MOCO_BENCH_REQUIRE_S3") == "1" else pytest.skip)(f"not installed: {error.name}")
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SNAKEMAKE_STORAGE_S3_ACCESS_KEY", "key")
    monkeypatch.setenv("SNAKEMAKE_STORAGE_S3_SECRET_KEY", "secret")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    try:
        client = boto3.client("s3", endpoint_url=address)
        client.create_bucket(Bucket="bench")
        yield client, address
    finally:
        server.stop()


@pytest.mark.usefixtures("quick_commands")
def test_a_finished_suite_is_stored_in_a_bucket(workflow: Any, bucket: tuple[Any, str], tmp_path: Path) -> None:
    client, address = bucket
    suite = workflow.write_suite(**SMOKE)
    stored = (
        "--workflow-profile", str(PROFILE), "--default-storage-prefix", "s3://bench", "--storage-s3-endpoint-url",
        address, "--storage-s3-retries", "1", "--configfile", str(suite),
    )  # fmt: skip

    outcome = workflow.run("--cores", "2", *stored)

    assert outcome.code == 0, outcome.text
    assert [found["Key"] for found in client.list_objects_v2(Bucket="bench")["Contents"]] == ["tiny.tar.gz"]
    client.download_file("bench", "tiny.tar.gz", str(tmp_path / "back.tar.gz"))
    back = tmp_path / "back"
    with tarfile.open(tmp_path / "back.tar.gz") as archive:
        archive.extractall(back, filter="data")
    for arm in ("vanilla", "dual", "filter", "both"):
        place = f"results/tiny/runs/digits/resnet-compact/{arm}/seed0/encoder.safetensors"
        assert (back / place).read_bytes() == (workflow.directory / place).read_bytes()
    assert (back / "reports/tiny/report.html").exists()
    assert not (back / "results/tiny/checkpoints").exists()
    again = workflow.run("--cores", "2", *stored)
    assert again.code == 0
    assert "Train" not in again.text
    assert "Store results" not in again.text
