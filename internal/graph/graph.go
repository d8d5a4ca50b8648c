// Package graph draws what a cluster will be made of: a picture of boxes in frames,
// and of who talks to whom.
package graph

// Scene is a picture. It has no coordinates: each writer of it places things itself.
type Scene struct {
	Title  string
	Frames []Frame
	Links  []Link
}

// Frame is a place, with the boxes that are in it, and further places.
type Frame struct {
	ID    string // unique among frames and boxes; letters, digits and _
	Title string
	Boxes []Box
}

// Box is a thing: a machine, an addon, a person.
type Box struct {
	ID    string
	Lines []string // the first is its name
}

// Link says that one thing talks to another, or to all in a frame.
type Link struct {
	From, To string // ids
	Text     string // what they speak, and the port
}

// frameOf is the frame that an id is, or is in.
func (s Scene) frameOf(id string) (frame, box int) {
	for i, f := range s.Frames {
		if f.ID == id {
			return i, -1
		}
		for j, b := range f.Boxes {
			if b.ID == id {
				return i, j
			}
		}
	}
	return -1, -1
}
