package git

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1" //nolint:gosec // It is what a pack ends with.
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

func TestDeltasAreResolved(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	noise := make([]byte, 20_000)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(noise)
	for i := range 12 {
		text := fmt.Sprintf("%x%d%x", noise[:9000], i, noise[9000:])
		u.commit("next", map[string]string{"addons/big.yaml": text})
	}
	want := strings.Fields(u.git("rev-list", "--objects", "--no-object-names", "--all"))
	for what, flags := range map[string][]string{"by hash": nil, "by offset": {"--delta-base-offset"}} {
		t.Run(what, func(t *testing.T) {
			command := exec.Command("git", append([]string{"pack-objects", "--revs", "--all", "--stdout", "--quiet"}, flags...)...)
			command.Dir, command.Env = u.dir, u.env
			pack, err := command.Output()
			if err != nil {
				t.Fatal(err)
			}
			if len(pack) > 100_000 {
				t.Fatalf("the pack has %d bytes: there are no deltas in it", len(pack))
			}
			all, err := unpack(bytes.NewReader(pack), defaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			for _, hash := range want {
				if all[plumbing.NewHash(hash)].kind == plumbing.InvalidObject {
					t.Errorf("%s is missing", hash)
				}
			}
			if len(all) != len(want) {
				t.Errorf("%d objects, want %d", len(all), len(want))
			}
			tight := defaultLimits()
			tight.unpacked = 200_000
			if _, err := unpack(bytes.NewReader(pack), tight); !errors.Is(err, errTooBig) {
				t.Errorf("what deltas make is not counted: %v", err)
			}
			for cut := 0; cut < len(pack); cut += 97 {
				if _, err := unpack(bytes.NewReader(pack[:cut]), defaultLimits()); err == nil {
					t.Fatalf("the first %d of %d bytes were unpacked", cut, len(pack))
				}
			}
		})
	}
}

// packOf writes a pack by hand: pairs of an object's header and its content.
func packOf(parts ...[]byte) []byte {
	var pack bytes.Buffer
	pack.WriteString("PACK")
	_ = binary.Write(&pack, binary.BigEndian, []uint32{2, uint32(len(parts) / 2)})
	for i := 0; i < len(parts); i += 2 {
		pack.Write(parts[i])
		zip := zlib.NewWriter(&pack)
		_, _ = zip.Write(parts[i+1])
		zip.Close()
	}
	sum := sha1.Sum(pack.Bytes())
	return append(pack.Bytes(), sum[:]...)
}

func TestDeltasWaitForTheirBase(t *testing.T) {
	t.Parallel()
	hello, world := plumbing.ComputeHash(plumbing.BlobObject, []byte("hello")), plumbing.ComputeHash(plumbing.BlobObject, []byte("hello world"))
	// Copy all of the base, then insert.
	toWorld := append([]byte{5, 11, 0x90, 5, 6}, " world"...)
	toBang := []byte{11, 12, 0x90, 11, 1, '!'}
	refDelta := func(base plumbing.Hash, data []byte) ([]byte, []byte) {
		return append([]byte{0x70 | byte(len(data))}, base[:]...), data
	}
	head1, data1 := refDelta(world, toBang)
	head2, data2 := refDelta(hello, toWorld)
	blob := []byte{0x35}
	all, err := unpack(bytes.NewReader(packOf(head1, data1, head2, data2, blob, []byte("hello"))), defaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if got := string(all[plumbing.ComputeHash(plumbing.BlobObject, []byte("hello world!"))].data); got != "hello world!" || len(all) != 3 {
		t.Errorf("%q in %d objects", got, len(all))
	}
	if _, err := unpack(bytes.NewReader(packOf(head1, data1, head2, data2)), defaultLimits()); err == nil || !strings.Contains(err.Error(), "2 objects build on others") {
		t.Errorf("a pack without its base: %v", err)
	}
	if _, err := unpack(bytes.NewReader(packOf([]byte{0xb5, 0x10}, bytes.Repeat([]byte("x"), 300))), defaultLimits()); err == nil {
		t.Error("an object that is longer than it says was unpacked")
	}
	bomb := limits{pack: 1 << 20, unpacked: 1 << 20, objects: 10}
	if _, err := unpack(io.MultiReader(bytes.NewReader(packOf([]byte{0xb0, 0x80, 0x80, 0x80, 0x01}, make([]byte, 1<<25)))), bomb); !errors.Is(err, errTooBig) {
		t.Errorf("a bomb: %v", err)
	}
}
