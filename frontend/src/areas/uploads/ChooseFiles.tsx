import { Button, FileButton, type ButtonProps } from "@mantine/core";
import { Upload } from "lucide-react";
import { uploads } from "./uploads";

/** Opens the file dialog. Every kind of file is allowed: the server says what it cannot take, and why. */
export function ChooseFiles({ label = "Upload", ...props }: { label?: string } & ButtonProps) {
  return (
    <FileButton multiple accept="video/*,.mkv,.avi,.flv,.ts,.mxf,.wmv,.ogv" onChange={(files) => uploads.add(files)}>
      {(open) => (
        <Button leftSection={<Upload size={16} />} {...props} {...open}>
          {label}
        </Button>
      )}
    </FileButton>
  );
}
