# Sourced by .ci/run: builds the Socket.IO clients in Java and Rust that the
# tests of server/socketio drive, from Maven Central and crates.io, and sets
# SOCKETIO_JAVA and SOCKETIO_RUST. Needs java 17, mvn, cargo and $work.
mvn -q -B -f server/socketio/testdata/java/pom.xml package
export SOCKETIO_JAVA="$PWD/server/socketio/testdata/java/target/client.jar"
# Without optimization, which would take several times as long.
CARGO_TARGET_DIR="$work/rust" cargo build -q --manifest-path server/socketio/testdata/rust/Cargo.toml
export SOCKETIO_RUST="$work/rust/debug/reelroom-client"
