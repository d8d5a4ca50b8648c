// Package git reads the addon tree out of a git repository, over HTTPS, HTTP or
// SSH, and notices when it changes.
//
// A look at the remote is one request that lists its refs. Only when the ref
// that is followed names another commit, that commit alone is fetched (depth 1),
// unpacked in memory and checked object by object, and the files below
// spec.git.path are taken out of it. Nothing is written to disk, and nothing
// but those files stays in memory.
//
// # What is trusted
//
// The server is not. A pack, what it unpacks to, the list of refs, the number
// of objects and the depth of the directories have limits; a server that hangs is left
// after a budget; a panic in the decoder is an error. Every object's hash is
// computed from its content, so the commit vouches for each file. An SSH
// server's key must be in known_hosts: nothing is trusted on first use. Symbolic links are
// replaced by the file they lead to as long as that is a regular file of the
// tree; any other link, and a submodule, is an error.
//
// With spec.git.verify, the commit, or the annotated tag that is followed, must
// carry a signature by one of the Secret's signers. What was signed are the raw bytes
// that the server sent. A signature does not prove that a commit is the newest: who
// controls the server can still offer an older signed one.
//
// # Rewritten history
//
// A ref is followed wherever it goes. Whether the commit known so far is an ancestor of the new one is
// answered from the commit's parents, or else by one more request for the
// commits between the two. It is reported as rewritten only when that is proven: the server does
// not know the old commit any more, or the new one's history is complete down to what they share.
// Among more than 1,000 new commits nothing is proven.
package git
