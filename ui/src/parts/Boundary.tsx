import { Component, type ReactNode } from "react";
import { Button } from "./Button";
import { Empty } from "./Empty";

interface BoundaryProps {
  /** What the part is called: "The timeline". */
  name: string;
  children: ReactNode;
}

/** A part of a page that fails leaves the others standing. Give it a `key` of what it shows: the next is tried afresh. */
export class Boundary extends Component<BoundaryProps, { error: Error | null }> {
  override state = { error: null as Error | null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    // A page that was opened before the server's was built anew asks for files that are there no longer.
    const isOld = /dynamically imported module|Importing a module script/i.test(error.message);
    return (
      <Empty
        title={
          isOld ? "This page is of another version of Penstock than the server" : `${this.props.name} can't be drawn`
        }
        lines={isOld ? ["Load it again."] : [error.message]}
      >
        <Button onClick={() => (isOld ? location.reload() : this.setState({ error: null }))}>
          {isOld ? "Load again" : "Try again"}
        </Button>
      </Empty>
    );
  }
}
