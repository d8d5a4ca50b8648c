package host

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// disk is a file of 16 MB, and a mount(8) that only says what it would mount.
type disk struct{ dir, device, directory string }

func newDisk(t *testing.T) disk {
	t.Helper()
	for _, tool := range []string{"blkid", "mkfs.ext4"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: %s is not installed", tool)
		}
	}
	d := disk{dir: t.TempDir()}
	d.device, d.directory = filepath.Join(d.dir, "disk"), filepath.Join(d.dir, "etcd")
	file, err := os.Create(d.device)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := file.Truncate(16 << 20); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.dir, "mount"), []byte("#!/bin/sh\necho mounted \"$@\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d disk) use() (string, error) {
	cmd := exec.Command("sh", "-c", "set -eu\n"+Disk+`use_disk "$1" "$2"`, "sh", d.device, d.directory)
	cmd.Env = append(os.Environ(), "PATH="+d.dir+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (d disk) run(t *testing.T, script string) string {
	t.Helper()
	out, err := exec.Command("sh", "-c", script, "sh", d.device).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", script, err, out)
	}
	return string(out)
}

const uuid = `blkid -p -s UUID -s LABEL -o value "$1"`

func TestABlankDiskGetsAFileSystemOnce(t *testing.T) {
	d := newDisk(t)
	if out, err := d.use(); err != nil || !strings.Contains(out, "mounted -t ext4 -o noatime "+d.device) {
		t.Fatalf("%v: %s", err, out)
	}
	first := d.run(t, uuid)
	if !strings.Contains(first, "turnup-etcd") {
		t.Errorf("the file system is %q", first)
	}
	if out, err := d.use(); err != nil || !strings.Contains(out, "mounted") {
		t.Fatalf("the second time: %v: %s", err, out)
	}
	if second := d.run(t, uuid); second != first {
		t.Errorf("it was made anew: %q, then %q", first, second)
	}
}

func TestADiskThatHoldsAnythingIsNotWrittenTo(t *testing.T) {
	for what, c := range map[string]struct{ fill, want string }{
		"a swap area": {`mkswap -q "$1"`, "holds swap"},
		// One partition of Linux, and the two bytes at the end of the sector.
		"a partition": {`printf '\000\000\002\000\203\377\377\377\001\000\000\000\000\020\000\000' | dd of="$1" bs=1 seek=446 conv=notrunc status=none
			printf '\125\252' | dd of="$1" bs=1 seek=510 conv=notrunc status=none`, "holds dos"},
		"another's data":   {`printf 'precious' | dd of="$1" bs=1 seek=70000 conv=notrunc status=none`, "is not blank"},
		"a cluster before": {`mkfs.ext4 -q -L other "$1"`, ""},
	} {
		t.Run(what, func(t *testing.T) {
			d := newDisk(t)
			d.run(t, c.fill)
			before := d.run(t, `sha256sum <"$1"`)
			out, err := d.use()
			if refused := err != nil; refused != (c.want != "") || !strings.Contains(out, c.want) {
				t.Errorf("%v: %s", err, out)
			}
			if after := d.run(t, `sha256sum <"$1"`); after != before {
				t.Error("the disk was written to")
			}
		})
	}
}

func TestDataOnTheRootDiskIsNotHiddenByAnother(t *testing.T) {
	d := newDisk(t)
	if err := os.MkdirAll(filepath.Join(d.directory, "member"), 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := d.use(); err == nil || !strings.Contains(out, "on another disk than") {
		t.Errorf("%v: %s", err, out)
	}
}
