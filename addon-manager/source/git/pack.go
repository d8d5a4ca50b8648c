package git

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
)

// objects are what a pack holds, by the hash of the content.
type objects map[plumbing.Hash]entry

type entry struct {
	kind plumbing.ObjectType
	data []byte
}

// encoded is an object as go-git's decoders want it. It copies, so it is for small ones.
func (o objects) encoded(hash plumbing.Hash, kind plumbing.ObjectType) (plumbing.EncodedObject, error) {
	found, ok := o[hash]
	if !ok {
		return nil, fmt.Errorf("%s %s is not in what the server sent", kind, hash)
	}
	if found.kind != kind {
		return nil, fmt.Errorf("%s is a %s where a %s is expected", hash, found.kind, kind)
	}
	object := &plumbing.MemoryObject{}
	object.SetType(kind)
	_, err := object.Write(found.data)
	return object, err
}

// unpacker reads a pack once, front to back, within limits. go-git's own parser
// inflates whatever an object's header promises.
type unpacker struct {
	limits  limits
	used    int
	objects objects
	// offsets are the hashes of the finished objects, by place in the pack.
	offsets map[int64]plumbing.Hash
	// What waits for a base that has not been seen: by hash, or by place.
	byHash   map[plumbing.Hash][]delta
	byOffset map[int64][]delta
	waiting  int
}

type delta struct {
	offset int64
	data   []byte
}

func unpack(pack io.Reader, limits limits) (objects, error) {
	u := &unpacker{
		limits: limits, objects: objects{}, offsets: map[int64]plumbing.Hash{},
		byHash: map[plumbing.Hash][]delta{}, byOffset: map[int64][]delta{},
	}
	if err := u.read(&short{reader: pack, left: limits.pack}); err != nil {
		// A pack that is beyond the limits looks cut short from inside.
		if errors.Is(err, errTooBig) {
			return nil, err
		}
		return nil, fmt.Errorf("the pack that the server sent is broken: %w", err)
	}
	return u.objects, nil
}

func (u *unpacker) read(pack io.Reader) error {
	scanner := packfile.NewScanner(pack)
	_, count, err := scanner.Header()
	if err != nil {
		return whole(err)
	}
	if int64(count) > int64(u.limits.objects) {
		return tooBig("%d objects in one commit, %d is the limit", count, u.limits.objects)
	}
	for range count {
		header, err := scanner.NextObjectHeader()
		if err != nil {
			return whole(err)
		}
		if err := u.take(header.Length); err != nil {
			return err
		}
		var data bytes.Buffer
		data.Grow(int(min(header.Length, 1<<20)))
		n, _, err := scanner.NextObject(&data)
		if err != nil {
			return whole(err)
		}
		if n != header.Length {
			return fmt.Errorf("an object has %d bytes instead of %d", n, header.Length)
		}
		if err := u.object(header, data.Bytes()); err != nil {
			return err
		}
	}
	if u.waiting > 0 {
		return fmt.Errorf("%d objects build on others that are not in it", u.waiting)
	}
	_, err = scanner.Checksum()
	return whole(err)
}

// take counts what will be in memory, before it is.
func (u *unpacker) take(n int64) error {
	if n < 0 || n > int64(u.limits.unpacked-u.used) {
		return tooBig("more than %d MiB when unpacked", u.limits.unpacked>>20)
	}
	u.used += int(n)
	return nil
}

func (u *unpacker) object(header *packfile.ObjectHeader, data []byte) error {
	switch header.Type {
	case plumbing.CommitObject, plumbing.TreeObject, plumbing.BlobObject, plumbing.TagObject:
		return u.add(header.Offset, entry{header.Type, data})
	case plumbing.OFSDeltaObject:
		d := delta{header.Offset, data}
		if base, found := u.offsets[header.OffsetReference]; found {
			return u.apply(u.objects[base], d)
		}
		u.byOffset[header.OffsetReference] = append(u.byOffset[header.OffsetReference], d)
	case plumbing.REFDeltaObject:
		d := delta{header.Offset, data}
		if base, found := u.objects[header.Reference]; found {
			return u.apply(base, d)
		}
		u.byHash[header.Reference] = append(u.byHash[header.Reference], d)
	default:
		return fmt.Errorf("an object of type %d", header.Type)
	}
	u.waiting++
	return nil
}

func (u *unpacker) apply(base entry, d delta) error {
	object, err := u.patch(base, d)
	if err != nil {
		return err
	}
	return u.add(d.offset, object)
}

func (u *unpacker) patch(base entry, d delta) (entry, error) {
	_, n := binary.Uvarint(d.data)
	if n <= 0 {
		return entry{}, packfile.ErrInvalidDelta
	}
	size, n := binary.Uvarint(d.data[n:])
	if n <= 0 || size > 1<<40 {
		return entry{}, packfile.ErrInvalidDelta
	}
	if err := u.take(int64(size)); err != nil {
		return entry{}, err
	}
	data, err := packfile.PatchDelta(base.data, d.data)
	if err == nil && uint64(len(data)) != size {
		err = packfile.ErrInvalidDelta
	}
	return entry{base.kind, data}, err
}

// add finishes an object, and whatever waited for it: with a list of its own,
// since a chain may be as long as the pack.
func (u *unpacker) add(offset int64, object entry) error {
	type finished struct {
		offset int64
		entry  entry
	}
	for ready := []finished{{offset, object}}; len(ready) > 0; {
		done := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		hash := plumbing.ComputeHash(done.entry.kind, done.entry.data)
		if _, twice := u.objects[hash]; !twice {
			u.objects[hash] = done.entry
		}
		u.offsets[done.offset] = hash
		waiting := slices.Concat(u.byHash[hash], u.byOffset[done.offset])
		delete(u.byHash, hash)
		delete(u.byOffset, done.offset)
		u.waiting -= len(waiting)
		for _, d := range waiting {
			next, err := u.patch(done.entry, d)
			if err != nil {
				return err
			}
			ready = append(ready, finished{d.offset, next})
		}
	}
	return nil
}

// whole says what an end means in the middle of something.
func whole(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// short ends a pack that is too long.
type short struct {
	reader io.Reader
	left   int
	limit  int
}

func (s *short) Read(p []byte) (int, error) {
	if s.limit == 0 {
		s.limit = s.left
	}
	if s.left <= 0 {
		return 0, tooBig("more than %d MiB when packed", s.limit>>20)
	}
	n, err := s.reader.Read(p[:min(len(p), s.left)])
	s.left -= n
	return n, err
}
