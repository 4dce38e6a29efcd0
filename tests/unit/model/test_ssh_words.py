from __future__ import annotations

from penstock.model.ssh_words import ssh_command, ssh_mend


def test_nobody_is_asked_for_a_password_and_the_address_is_no_option():
    command = ssh_command("-oProxyCommand=evil", {}, "ControlMaster=auto")
    assert command[:3] == ["ssh", "-o", "BatchMode=yes"]
    assert "ControlMaster=auto" in command
    assert command[-2:] == ["--", "-oProxyCommand=evil"]


def test_a_variable_says_which_ssh():
    assert ssh_command("gpu1", {"PENSTOCK_SSH": "ssh -F '/a b/config'"})[:4] == ["ssh", "-F", "/a b/config", "-o"]


def test_what_ssh_complains_of_is_mended_by_a_command():
    assert "`ssh-copy-id me@gpu1`" in ssh_mend("me@gpu1", "me@gpu1: Permission denied (publickey).")
    assert "`ssh gpu1`" in ssh_mend("gpu1", "Host key verification failed.")
    assert "alias" in ssh_mend("gpu1", "ssh: Could not resolve hostname gpu1: Name or service not known")
    assert "`ssh gpu1 true`" in ssh_mend("gpu1", "something new")
